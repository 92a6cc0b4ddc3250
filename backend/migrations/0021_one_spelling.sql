-- Which rules the kept values follow, where a rule came later than the values and SQL alone cannot
-- apply it. A row is written when the rule was applied to all of them.
CREATE TABLE applied_rules (
    rule TEXT NOT NULL PRIMARY KEY         -- addresses: each is spelled as shared::Email spells it
);
