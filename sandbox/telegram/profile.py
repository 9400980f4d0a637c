"""What the bot says of itself: name, descriptions, commands, menu button; per language."""

from typing import Any

from sandbox.store import Collection

Command = dict[str, str]
TEXTS = ("name", "description", "short_description")


class Profile:
    """Texts and commands. A language without its own falls back to the one for everybody ("")."""

    def __init__(self, collection: Collection, bot: dict[str, Any]) -> None:
        self._collection = collection
        self._bot = bot

    def set_text(self, kind: str, language: str, text: str) -> None:
        self._collection.put(f"{kind}/{language}", {"text": text})

    def text(self, kind: str, language: str) -> str:
        for candidate in (language, ""):
            stored = self._collection.get(f"{kind}/{candidate}")
            if stored and stored["text"]:
                return str(stored["text"])
        return str(self._bot["first_name"]) if kind == "name" else ""

    def set_commands(self, scope: str, language: str, commands: list[Command]) -> None:
        self._collection.put(f"commands/{scope}/{language}", {"commands": commands})

    def commands(self, scope: str, language: str) -> list[Command]:
        """Those set for exactly this scope and language."""
        stored = self._collection.get(f"commands/{scope}/{language}")
        return list(stored["commands"]) if stored else []

    def commands_for(self, user_id: int, language: str) -> list[Command]:
        """The menu that a person sees.

        Source: https://core.telegram.org/bots/api#determining-list-of-commands
        """
        for scope in (f"chat/{user_id}", "all_private_chats", "default"):
            for candidate in (language, ""):
                if commands := self.commands(scope, candidate):
                    return commands
        return []

    def set_menu_button(self, chat_id: int, button: dict[str, Any]) -> None:
        self._collection.put(f"menu/{chat_id or ''}", button)

    def menu_button(self, chat_id: int) -> dict[str, Any]:
        own = self._collection.get(f"menu/{chat_id or ''}")
        return own or self._collection.get("menu/") or {"type": "commands"}

    def seen_by(self, user: dict[str, Any]) -> dict[str, Any]:
        """The bot as this person sees it."""
        language = user.get("language_code", "")[:2]
        return {
            "id": self._bot["id"],
            "username": self._bot["username"],
            **{kind: self.text(kind, language) for kind in TEXTS},
            "commands": self.commands_for(user["id"], language),
            "menu_button": self.menu_button(user["id"]),
        }
