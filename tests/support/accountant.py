"""A judge in the database: no transaction commits that overspends a month, or whose ledger does not add up to it."""

from typing import Final

from formscout.storage.database import Database

# At the end of a transaction its months' rows are locked still, so nobody else's line of theirs is under way.
_JUDGE: Final = """
CREATE FUNCTION judge_month() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE month budget_period; sums record;
BEGIN
    SELECT * INTO month FROM budget_period p WHERE (p.subscription_id, p.month) = (NEW.subscription_id, NEW.month);
    IF least(month.spent, month.reserved, month.own_spent, month.own_reserved) < 0 THEN
        RAISE EXCEPTION 'negative: %', month;
    END IF;
    IF month.spent + month.reserved > month.limit_amount + month.overrun_amount THEN
        RAISE EXCEPTION 'overspent: %', month;
    END IF;
    SELECT sum(limit_delta) AS limit_amount,
           sum(spent_delta) FILTER (WHERE NOT own_key) AS spent, sum(reserved_delta) FILTER (WHERE NOT own_key) AS reserved,
           sum(spent_delta) FILTER (WHERE own_key) AS own_spent, sum(reserved_delta) FILTER (WHERE own_key) AS own_reserved
    INTO sums FROM ledger_entry e WHERE (e.subscription_id, e.month) = (NEW.subscription_id, NEW.month);
    IF (coalesce(sums.limit_amount, 0), coalesce(sums.spent, 0), coalesce(sums.reserved, 0), coalesce(sums.own_spent, 0),
        coalesce(sums.own_reserved, 0))
       <> (month.limit_amount, month.spent, month.reserved, month.own_spent, month.own_reserved) THEN
        RAISE EXCEPTION 'the ledger says %, the month %', sums, month;
    END IF;
    RETURN NULL;
END $$
"""

_SIT: Final = """
CREATE CONSTRAINT TRIGGER judge_month AFTER INSERT OR UPDATE ON budget_period DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION judge_month()
"""


async def appoint(database: Database) -> None:
    """Let the judge look at each commit from now on."""
    async with database.begin() as connection:
        await connection.exec_driver_sql(_JUDGE)
        await connection.exec_driver_sql(_SIT)
