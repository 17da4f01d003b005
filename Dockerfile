# The gateway, with a Python beside it for the handlers:
#
#     docker build -t lambda-http-gateway .
#     docker run --rm -p 8000:8000 -v "$PWD:/var/task" lambda-http-gateway app.handler

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# The dependencies first: they change less often than the code.  Of the extras the image has re2, which rules may need.
COPY pyproject.toml constraints.txt ./
RUN python3 -m venv --without-pip /opt/gateway \
    && python3 -c 'import tomllib; it = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
        print(*it["dependencies"], *it["optional-dependencies"]["re2"], sep="\n")' > requirements.txt \
    && pip --python /opt/gateway/bin/python install --no-compile -r requirements.txt -c constraints.txt
COPY README.md LICENSE ./
COPY gateway gateway
# Byte code that names no time of its source: the same image comes out of the same files.
RUN pip --python /opt/gateway/bin/python install --no-compile --no-deps . \
    && /opt/gateway/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/gateway/lib

FROM python:3.13-slim
# Written by hand because useradd would note the day of the build.
RUN echo 'gateway:x:10001:10001::/tmp:/usr/sbin/nologin' >> /etc/passwd \
    && echo 'gateway:x:10001:' >> /etc/group
COPY --from=build /opt/gateway /opt/gateway
# Last in the path: "python" and "pip" are the handlers', which do not see what the gateway installed for itself.
ENV PATH=$PATH:/opt/gateway/bin HOME=/tmp
WORKDIR /var/task
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["/opt/gateway/bin/python", "-IS", "-c", "import socket; socket.create_connection(('127.0.0.1', 8000), 2).close()"]
ENTRYPOINT ["gateway", "serve", "--host", "0.0.0.0", "--python", "/usr/local/bin/python3"]
