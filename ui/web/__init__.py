"""The pages: the chat, the documents, the library, and the widget for other pages."""
