-- For the search for pictures that no user shows.
CREATE INDEX files_by_tags ON files (tags, uploaded_at, id);
