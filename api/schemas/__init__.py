"""What the routes take and give, as marshmallow schemas: shapes only, no queries. Input and output are separate classes."""
