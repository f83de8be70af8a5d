"""The store of form pages, forms and fields."""

from datetime import datetime

import msgspec
from sqlalchemy import RowMapping, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.forms import Form, FormDescription, FormPage, FormPageState, FormSighting, KnownForm, NewForm, NewFormPage
from formscout.domain.ids import CompanyId, CrawlSessionId, FormId, FormPageId, NetworkId
from formscout.domain.paths import NavigationPath, Verification, VerificationStatus
from formscout.domain.snapshots import BlobRef
from formscout.tables.forms import field, form, form_page

SAMPLE_ADDRESSES = 10
"""Further addresses kept of one form: enough to show its extent; `instances` has the count."""

_FORM_COLUMNS = tuple(column for column in form.c if column.name not in ("session_id", "signature", "purpose", "confidence"))


class FormStore:
    """Form pages and their forms on one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def known(self, session_id: CrawlSessionId, *, after: int = 0) -> tuple[list[KnownForm], int]:
        """Return what folding needs to know of the session's forms with ids above `after`, and the highest id."""
        columns = (form.c.id, form.c.fingerprint, form.c.address_template, form.c.signature)
        statement = select(*columns).where(form.c.session_id == session_id, form.c.id > after).order_by(form.c.id)
        rows = (await self._connection.execute(statement)).all()
        known = [
            KnownForm(fingerprint=row.fingerprint, address_template=row.address_template, signature=tuple(row.signature)) for row in rows
        ]
        return known, rows[-1].id if rows else after

    async def add_page(
        self,
        page: NewFormPage,
        *,
        session_id: CrawlSessionId,
        company_id: CompanyId,
        network_id: NetworkId,
    ) -> FormPageId | None:
        """Write a form page with those of its forms that the session does not have; None when it has them all.

        Forms that it has are counted as met again.
        """
        fingerprints = [one.fingerprint for one in page.forms]
        statement = select(form.c.fingerprint).where(form.c.session_id == session_id, form.c.fingerprint.in_(fingerprints))
        had = set((await self._connection.execute(statement)).scalars())
        for one in page.forms:
            if one.fingerprint in had:
                await self.sight(session_id, FormSighting(fingerprint=one.fingerprint, address=one.address))
        # By fingerprint, the first of each: a page may show the same form twice.
        fresh = list({one.fingerprint: one for one in reversed(page.forms) if one.fingerprint not in had}.values())[::-1]
        if not fresh:
            return None
        values = {"session_id": session_id, "company_id": company_id, "network_id": network_id, **_page_values(page)}
        page_id = (await self._connection.execute(insert(form_page).values(**values).returning(form_page.c.id))).scalar_one()
        await self._connection.execute(insert(form), [_form_values(one, session_id=session_id, form_page_id=page_id) for one in fresh])
        return FormPageId(page_id)

    async def sight(self, session_id: CrawlSessionId, sighting: FormSighting) -> None:
        """Count a form that was met again, and keep the address as long as the sample is small."""
        address = sighting.address
        room = (func.cardinality(form.c.addresses) < SAMPLE_ADDRESSES) & (form.c.address != address) & ~form.c.addresses.contains([address])
        mine = (form.c.session_id == session_id) & (form.c.fingerprint == sighting.fingerprint)
        await self._connection.execute(update(form).where(mine).values(instances=form.c.instances + 1))
        await self._connection.execute(update(form).where(mine, room).values(addresses=func.array_append(form.c.addresses, address)))

    async def find_page(self, form_page_id: FormPageId) -> FormPage | None:
        """Return a form page, or None."""
        row = (await self._connection.execute(select(form_page).where(form_page.c.id == form_page_id))).mappings().one_or_none()
        return None if row is None else _page(row)

    async def pages(
        self, session_id: CrawlSessionId, *, after: int = 0, limit: int = 100, state: FormPageState | None = None
    ) -> list[FormPage]:
        """Return form pages with ids above `after`, in order of id."""
        statement = select(form_page).where(form_page.c.session_id == session_id, form_page.c.id > after)
        if state is not None:
            statement = statement.where(form_page.c.state == state)
        return [_page(row) for row in (await self._connection.execute(statement.order_by(form_page.c.id).limit(limit))).mappings()]

    async def of_page(self, form_page_id: FormPageId) -> list[Form]:
        """Return the forms first met on a form page."""
        statement = select(*_FORM_COLUMNS).where(form.c.form_page_id == form_page_id).order_by(form.c.id)
        return [_form(row) for row in (await self._connection.execute(statement)).mappings()]

    async def of_session(self, session_id: CrawlSessionId, *, after: int = 0, limit: int = 100, purpose: str | None = None) -> list[Form]:
        """Return a session's forms with ids above `after`, in order of id."""
        statement = select(*_FORM_COLUMNS).where(form.c.session_id == session_id, form.c.id > after)
        if purpose is not None:
            statement = statement.where(form.c.purpose == purpose)
        return [_form(row) for row in (await self._connection.execute(statement.order_by(form.c.id).limit(limit))).mappings()]

    async def describe(self, form_id: FormId, description: FormDescription) -> None:
        """Write a form's description with its fields, in place of what was there."""
        plain = msgspec.to_builtins(description, str_keys=True)
        values = {
            "description": plain,
            "purpose": description.purpose,
            "confidence": description.confidence,
            "title": description.reading.title,
        }
        await self._connection.execute(update(form).where(form.c.id == form_id).values(**values))
        await self._connection.execute(field.delete().where(field.c.form_id == form_id))
        rows = [
            {
                "form_id": form_id,
                "position": position,
                "key": one.key,
                "name": one.reading.name,
                "label": one.reading.label,
                "type": one.reading.type,
                "semantic_type": one.semantic_type,
                "required": one.reading.required,
            }
            for position, one in enumerate(description.fields)
        ]
        if rows:
            await self._connection.execute(insert(field), rows)

    async def end_page(self, form_page_id: FormPageId, state: FormPageState, *, code: str | None = None) -> bool:
        """End a pending form page; False when it had ended already."""
        statement = update(form_page).where(form_page.c.id == form_page_id, form_page.c.state == FormPageState.PENDING)
        ended = statement.values(state=state, error_code=code).returning(form_page.c.id)
        return (await self._connection.execute(ended)).one_or_none() is not None

    async def reopen_page(self, form_page_id: FormPageId) -> bool:
        """Let a form page that failed wait for its description again; False when it had not failed."""
        statement = update(form_page).where(form_page.c.id == form_page_id, form_page.c.state == FormPageState.FAILED)
        again = statement.values(state=FormPageState.PENDING, error_code=None).returning(form_page.c.id)
        return (await self._connection.execute(again)).one_or_none() is not None


def _page_values(page: NewFormPage) -> dict[str, object]:
    return {
        "address": page.address,
        "title": page.title,
        "path": msgspec.to_builtins(page.path),
        "verification_status": page.verification.status,
        "verification_code": page.verification.code,
        "verified_at": page.verification.at,
        "snapshot": msgspec.to_builtins(page.snapshot),
        "screenshot": None if page.screenshot is None else msgspec.to_builtins(page.screenshot),
        "state": FormPageState.PENDING,
    }


def _form_values(one: NewForm, *, session_id: CrawlSessionId, form_page_id: int) -> dict[str, object]:
    return {
        "session_id": session_id,
        "form_page_id": form_page_id,
        "fingerprint": one.fingerprint,
        "root": one.root,
        "address": one.address,
        "address_template": one.address_template,
        "title": one.title,
        "signature": list(one.signature),
    }


def _page(row: RowMapping) -> FormPage:
    at: datetime | None = row["verified_at"]
    screenshot = row["screenshot"]
    return FormPage(
        id=row["id"],
        session_id=row["session_id"],
        company_id=row["company_id"],
        network_id=row["network_id"],
        address=row["address"],
        title=row["title"],
        path=msgspec.convert(row["path"], NavigationPath),
        verification=Verification(status=VerificationStatus(row["verification_status"]), code=row["verification_code"], at=at),
        snapshot=msgspec.convert(row["snapshot"], BlobRef),
        screenshot=None if screenshot is None else msgspec.convert(screenshot, BlobRef),
        state=FormPageState(row["state"]),
        error_code=row["error_code"],
        created_at=row["created_at"],
    )


def _form(row: RowMapping) -> Form:
    plain = row["description"]
    return Form(
        **{
            **row,
            "addresses": tuple(row["addresses"]),
            "description": None if plain is None else msgspec.convert(plain, FormDescription),
        },
    )
