"""The pages of a PDF as they are displayed: their pictures, and the boxes around a quote. A range of a document enters, boxes
leave; a page number enters, a PNG leaves.

PDFium measures in points from the lower left corner of a sheet that may be rotated and cropped. Here every place is converted to
points of the displayed page, from its upper left corner, before anything is compared.
"""

from corpus.pdf_pages.pages import PdfPages
from corpus.pdf_pages.quote_boxes import Box

__all__ = ["Box", "PdfPages"]
