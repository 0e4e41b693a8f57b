-- SQLite alone has something to change here: the words that deliveries.state and deliveries.kind may be stay the same.
SELECT 1;
