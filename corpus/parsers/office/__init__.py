"""DOCX, PPTX, XLSX and CSV. `docx.py`, `pptx.py`, `xlsx.py` and `csv.py` are the ways in."""
