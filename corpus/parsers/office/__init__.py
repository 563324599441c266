"""DOCX, PPTX, XLSX and CSV. The entry points are `parse_docx`, `parse_pptx`, `parse_xlsx`, `parse_csv` and `parse_tsv`."""
