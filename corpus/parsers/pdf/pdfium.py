"""The lock that guards PDFium."""

import threading

PDFIUM = threading.RLock()
"""Hold this around every call of pypdfium2: PDFium is documented as not thread-safe."""
