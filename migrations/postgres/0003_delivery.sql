-- What delivery remembers beyond the row itself: who is left alone, who signed what, what came back.

-- Pacing and replies

-- Signatures

-- Bounces and complaints

-- Alerts and reports

-- Nodes and leases
