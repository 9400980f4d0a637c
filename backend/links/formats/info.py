"""The state of a link for programs: never a key, never the link itself."""

import json

from backend.links.formats.base import Profile


def render(profile: Profile) -> str:
    """JSON of status, bytes and end, in the words of `subscription-userinfo`: 0 means unlimited."""
    return json.dumps(
        {
            "status": profile.shown_status,
            "title": profile.title,
            "expire": profile.expire_seconds,
            "upload": profile.upload_bytes,
            "download": profile.download_bytes,
            "used": profile.used_bytes,
            "total": profile.total_bytes,
            "servers": len(profile.shown_nodes),
        },
        ensure_ascii=False,
    )
