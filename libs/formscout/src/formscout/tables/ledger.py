"""The trigger that keeps the ledger append-only: no line is ever changed, and none goes but with its company."""

from typing import Final

LEDGER_GUARD: Final = """
CREATE FUNCTION formscout_keep_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (
        SELECT FROM subscription JOIN company ON company.id = subscription.company_id
        WHERE subscription.id = OLD.subscription_id AND company.deleted_at IS NULL
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the ledger is append-only; write a line that corrects, and leave line %', OLD.id;
END
$$
"""

LEDGER_TRIGGER: Final = """
CREATE TRIGGER keep_ledger BEFORE UPDATE OR DELETE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION formscout_keep_ledger()
"""
