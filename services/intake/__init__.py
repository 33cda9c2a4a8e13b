"""Intake: the gRPC door. Checks, converts, settles through the record, answers; decides nothing about a ticket."""
