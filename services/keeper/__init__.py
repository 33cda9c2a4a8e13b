"""The keeper: settles what is late, sends what is owed, keeps the record small."""
