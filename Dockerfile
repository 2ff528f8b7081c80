# Two stages: one that has pip and the sources, one that has only what runs.
# Every step below also works by hand, in any folder, with Python 3.11 or later.

FROM python:3.11-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src

# The pinned requirements first: they change less often than the sources.
COPY requirements.txt requirements-postgres.txt ./
RUN python -m venv /opt/permit-reminders
RUN /opt/permit-reminders/bin/python -m pip install \
      --requirement requirements.txt --requirement requirements-postgres.txt

COPY pyproject.toml README.md LICENSE ./
COPY service ./service
COPY schedules ./schedules
COPY templates ./templates
COPY examples ./examples
RUN /opt/permit-reminders/bin/python -m pip install --no-deps .


FROM python:3.11-slim

COPY --from=build /opt/permit-reminders /opt/permit-reminders

# Somebody without rights, at home where the database and its key are.
RUN useradd --uid 10001 --create-home \
      --home-dir /var/lib/permit-reminders permits

ENV PATH=/opt/permit-reminders/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    USER=permits \
    PERMIT_REMINDERS_DATABASE_URL=sqlite:////var/lib/permit-reminders/permit-reminders.db \
    PERMIT_REMINDERS_HOST=0.0.0.0 \
    PERMIT_REMINDERS_PORT=8080 \
    PERMIT_REMINDERS_LOG_FORMAT=json

USER permits
WORKDIR /var/lib/permit-reminders
VOLUME /var/lib/permit-reminders
EXPOSE 8080

HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD \
  ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PERMIT_REMINDERS_PORT\"]}/healthz', timeout=4)"]

ENTRYPOINT ["permit-reminders"]
CMD ["serve"]
