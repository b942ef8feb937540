"""The workbook's sheets: how a cell looks, the detail sheets, the live KPIs, and what is drawn from the pack."""
