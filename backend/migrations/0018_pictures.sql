-- For the search for pictures that no user shows.
CREATE INDEX files_pictures ON files (uploaded_at, id) WHERE tags = '["avatar"]';
