"""The letters of printed files: Be Vietnam Pro, made for Vietnamese."""

from pathlib import Path

import fontpkg_be_vietnam_pro

_FILES = Path(fontpkg_be_vietnam_pro.ROOT) / "files"
REGULAR = _FILES / "BeVietnamPro-Regular.ttf"
SEMI_BOLD = _FILES / "BeVietnamPro-SemiBold.ttf"
