"""The exporter: the record's figures as a metrics page, read at each scrape. Counts nothing by itself."""
