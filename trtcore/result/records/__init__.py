"""What a result is made of: frozen records, one idea per file.

Names are imported from the files themselves: ``--help`` needs one of them, and no NumPy.
"""
