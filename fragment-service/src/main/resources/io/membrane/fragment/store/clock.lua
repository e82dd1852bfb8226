-- What the clock says by which a put is too old to be named.
-- Answer {ms since 1970}

-- include shared

return {int(now_ms())}
