"""What a provider's probe may tell an operator."""

import pytest

from backend.kit.i18n import Translate, languages


@pytest.mark.parametrize("language", languages())
def test_a_missing_vat_code_is_explained_with_the_name_of_its_setting(language: str) -> None:
    assert "YOOKASSA_VAT_CODE" in Translate(language)("note-vat-code-missing")
