"""Plans and tables as files to take away: what comes out here opens in a spreadsheet without surprises."""
