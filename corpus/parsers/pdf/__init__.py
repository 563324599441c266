"""PDF: lines from characters, text columns and tables from geometry, scanned pages by OCR. `pdf.py` has the parser."""
