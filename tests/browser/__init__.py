"""Stories and rules of the pages, told in Debian's Chromium: nothing is faked but the foreign systems."""
