"""Updates pushed to the bot's webhook, in order, until each is taken."""

import asyncio
import json
import time

import httpx2

from sandbox.store import Document
from sandbox.telegram.state import Telegram
from sandbox.telegram.updates import Update

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
TIMEOUT_SECONDS = 60
RETRY_SECONDS = (0.5, 1, 2, 5)  # the last one repeats


async def deliver(telegram: Telegram) -> None:
    """Run until cancelled. Telegram sends several at once; here one waits for the other."""
    async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
        failures = 0
        while True:
            telegram.updates.changed.clear()
            webhook = telegram.updates.webhook
            waiting = telegram.updates.take(1) if webhook else []
            if not webhook or not waiting:
                failures = 0
                await telegram.updates.changed.wait()
                continue
            problem = await _post(telegram, client, webhook, waiting[0])
            if telegram.updates.webhook is not webhook:
                continue  # replaced or removed meanwhile: the update waits for its successor
            if problem is None:
                failures = 0
                telegram.updates.confirm(waiting[0]["update_id"] + 1)
                continue
            telegram.updates.note_webhook_error(problem)
            await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
            failures += 1


async def _post(telegram: Telegram, client: httpx2.AsyncClient, webhook: Document, update: Update) -> str | None:
    """Send one update. Answers what went wrong, or None when it was taken."""
    headers = {"Content-Type": "application/json"}
    if webhook["secret_token"]:
        headers[SECRET_HEADER] = webhook["secret_token"]
    body = json.dumps(update, ensure_ascii=False)
    started = time.perf_counter()
    status: int | None = None
    text = ""
    try:
        answer = await client.post(webhook["url"], content=body.encode(), headers=headers)
        status, text = answer.status_code, answer.text
        wrong = f"Wrong response from the webhook: {status} {answer.reason_phrase}"
        problem = None if answer.is_success else wrong
    except httpx2.TransportError as error:
        problem = f"Connection failed: {type(error).__name__}"
    telegram.world.log.add(
        service="telegram",
        direction="out",
        method="POST",
        path=webhook["url"],
        status=status,
        ms=round((time.perf_counter() - started) * 1000, 1),
        request=body,
        response=text,
        headers={},
        faults=[],
    )
    return problem
