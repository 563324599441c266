"""PDF: lines from characters, columns and tables by geometry, scanned pages by OCR. `pdf.py` is the way in."""
