"""A help desk's event log, and what its rows ask of a ticket. Pure but for reading the file; drives nothing."""
