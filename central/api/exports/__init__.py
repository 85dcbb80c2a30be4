"""Figures to take away: tables as CSV and XLSX, and the monthly report as PDF."""
