"""The JSON Schemas of saved results: made from the records, and shipped beside this module."""
