"""JSON under /api/v1: one module per area, each with a router made of routes with a rule."""

from fastapi import APIRouter

from api.router import REFUSALS
from api.v1 import account, audit, batches, contacts, evaluations, problems, session, system, users, webhooks

router = APIRouter(prefix="/api/v1", responses=REFUSALS)
for _area in (system, account, session, users, audit, contacts, evaluations, batches, problems, webhooks):
    router.include_router(_area.router)
