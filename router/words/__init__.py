"""What people are written and what is read in their words: texts, numbers, names, receipts."""
