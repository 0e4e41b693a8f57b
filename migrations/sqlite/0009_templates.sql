-- What was done to make a mail fit its budget.

ALTER TABLE variants ADD COLUMN bodies_left_out BIGINT NOT NULL DEFAULT 0; -- whole texts of articles cut to their beginnings
ALTER TABLE variants ADD COLUMN excerpt_length BIGINT;             -- characters; none: the template's usual length
ALTER TABLE variants ADD COLUMN moved   BIGINT NOT NULL DEFAULT 0; -- articles of the edition only announced in it
ALTER TABLE variants ADD COLUMN counted BIGINT NOT NULL DEFAULT 0; -- announced articles only counted in it
