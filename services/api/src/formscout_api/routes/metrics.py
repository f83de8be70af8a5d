"""The route from which Prometheus reads."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from formscout_api.metrics import RequestMetrics

router = APIRouter(tags=["health"])


@router.get(
    "/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}, "description": "Prometheus' text format."}}
)
async def get_metrics(request: Request) -> Response:
    """Show the process's metrics in Prometheus' text format."""
    measured: RequestMetrics = request.app.state.metrics
    return Response(measured.exposition(), media_type=CONTENT_TYPE_LATEST)
