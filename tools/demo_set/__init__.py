"""The recipe of the demo set: written dialogues in, recordings, transcripts, chats and tables out."""
