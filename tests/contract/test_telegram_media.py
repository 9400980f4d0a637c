"""Photos and documents of the Telegram emulator."""

from collections.abc import AsyncIterator

import pytest
from aiogram.types import (
    BufferedInputFile,
    InputMediaPhoto,
)

from tests.contract.telegram_world import TOKEN, TelegramWorld, picture, telegram_world


@pytest.fixture(scope="module")
async def shared_world() -> AsyncIterator[TelegramWorld]:
    async with telegram_world() as world:
        yield world


@pytest.fixture
def telegram(shared_world: TelegramWorld) -> TelegramWorld:
    shared_world.forget()
    return shared_world


async def test_a_photo_has_sizes_and_its_bytes_can_be_fetched(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    content = picture(600, 300)

    sent = await telegram.bot.send_photo(
        user, BufferedInputFile(content, "qr.png"), caption="<b>QR</b>", parse_mode="HTML"
    )

    assert sent.photo is not None
    assert [(size.width, size.height) for size in sent.photo] == [(90, 45), (320, 160), (600, 300)]
    assert len({size.file_id for size in sent.photo}) == len({s.file_unique_id for s in sent.photo}) == 3
    assert [entity.type for entity in sent.caption_entities or []] == ["bold"]
    file = await telegram.bot.get_file(sent.photo[-1].file_id)
    assert file.file_path is not None
    downloaded = await telegram.bot.download_file(file.file_path)
    assert downloaded is not None
    assert downloaded.read() == content
    [message] = await telegram.seen(user)
    shown = await telegram.http.get(message["photo"]["url"].removeprefix("/sandbox/telegram"))
    assert (shown.content, shown.headers["content-type"]) == (content, "image/png")


async def test_a_photo_can_be_sent_again_by_its_id_and_a_new_upload_is_a_new_file(
    telegram: TelegramWorld,
) -> None:
    user = await telegram.person()
    first = await telegram.bot.send_photo(user, BufferedInputFile(picture(), "qr.png"))
    assert first.photo is not None

    again = await telegram.bot.send_photo(user, first.photo[0].file_id)
    other = await telegram.bot.send_photo(user, BufferedInputFile(picture(), "qr.png"))

    assert again.photo == first.photo
    assert other.photo is not None
    assert other.photo[-1].file_id != first.photo[-1].file_id


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "file must be non-empty"),
        (b"<html>not a picture</html>", "IMAGE_PROCESS_FAILED"),
        (picture(2100, 100), "PHOTO_INVALID_DIMENSIONS"),
    ],
)
async def test_what_is_no_photo_is_refused(telegram: TelegramWorld, content: bytes, reason: str) -> None:
    user = await telegram.person()

    answer = await telegram.http.post(
        f"/bot{TOKEN}/sendPhoto", data={"chat_id": user}, files={"photo": ("qr.png", content, "image/png")}
    )

    assert (answer.status_code, answer.json()["description"]) == (400, f"Bad Request: {reason}")


async def test_a_photo_that_is_missing_unknown_or_elsewhere_is_refused(telegram: TelegramWorld) -> None:
    user = await telegram.person()

    assert await telegram.refused("sendPhoto", chat_id=user) == (
        400,
        "Bad Request: there is no photo in the request",
    )
    assert await telegram.refused("sendPhoto", chat_id=user, photo="AgAC-unknown") == (
        400,
        "Bad Request: wrong file identifier/HTTP URL specified",
    )
    assert await telegram.refused("sendPhoto", chat_id=user, photo="https://example.org/qr.png") == (
        400,
        "Bad Request: failed to get HTTP URL content",
    )


async def test_a_document_keeps_its_name(telegram: TelegramWorld) -> None:
    user = await telegram.person()

    sent = await telegram.bot.send_document(user, BufferedInputFile(b"{}", "config.json"), caption="Файл")

    assert sent.document is not None
    assert (sent.document.file_name, sent.document.mime_type) == ("config.json", "application/json")
    assert sent.document.file_size == 2
    [message] = await telegram.seen(user)
    assert message["document"]["name"] == "config.json"
    assert message["text"] == "Файл"


async def test_edit_media_turns_a_text_into_a_photo(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    sent = await telegram.bot.send_message(user, "ждём оплату")
    media = InputMediaPhoto(media=BufferedInputFile(picture(), "qr.png"), caption="Готово")

    edited = await telegram.bot.edit_message_media(media, chat_id=user, message_id=sent.message_id)

    assert not isinstance(edited, bool)
    assert (edited.message_id, edited.text, edited.caption) == (sent.message_id, None, "Готово")
    assert edited.photo


async def test_a_caption_is_edited_beside_its_photo(telegram: TelegramWorld) -> None:
    user = await telegram.person()
    sent = await telegram.bot.send_photo(user, BufferedInputFile(picture(), "qr.png"), caption="было")

    edited = await telegram.bot.edit_message_caption(
        chat_id=user, message_id=sent.message_id, caption="<b>стало</b>", parse_mode="HTML"
    )

    assert not isinstance(edited, bool)
    assert (edited.caption, edited.photo) == ("стало", sent.photo)
    assert await telegram.refused("editMessageText", chat_id=user, message_id=sent.message_id, text="!") == (
        400,
        "Bad Request: there is no text in the message to edit",
    )
    code, reason = await telegram.refused(
        "editMessageCaption", chat_id=user, message_id=sent.message_id, caption="<b>стало</b>", parse_mode="HTML"
    )
    assert (code, reason.partition(":")[2].strip().partition(":")[0]) == (400, "message is not modified")
