"""Problems: one fault, many tickets. The contract's methods for them, and what tells their customers at a pace."""
