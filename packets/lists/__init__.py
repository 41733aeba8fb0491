"""Participant and provider/supplier lists: their columns, their intake, their corrections, their workbook."""
