"""The identifiers of Formscout's nouns, told apart by type."""

from typing import NewType
from uuid import UUID

CompanyId = NewType("CompanyId", int)
ProductId = NewType("ProductId", int)
SubscriptionId = NewType("SubscriptionId", int)
UserId = NewType("UserId", int)
ApiKeyId = NewType("ApiKeyId", int)
ProjectId = NewType("ProjectId", int)
NetworkId = NewType("NetworkId", int)
CrawlSessionId = NewType("CrawlSessionId", int)
PageId = NewType("PageId", int)
FormPageId = NewType("FormPageId", int)
FormId = NewType("FormId", int)
JobId = NewType("JobId", int)
ReservationId = NewType("ReservationId", int)
LedgerEntryId = NewType("LedgerEntryId", int)
WebhookId = NewType("WebhookId", int)
DeliveryId = NewType("DeliveryId", int)

TaskId = NewType("TaskId", UUID)
"""What the API hands out for a crawl session: unguessable, and the same for all its slices."""
