"""What all who use PDFium share."""

import threading

PDFIUM = threading.RLock()
"""Hold this around every call of pypdfium2: PDFium is documented as not thread-safe."""
