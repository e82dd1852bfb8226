# One image per service:
#   docker build --build-arg SERVICE=gateway --build-arg PORT=8080 -t membrane/gateway .
FROM maven:3.9.11-eclipse-temurin-25 AS build
ARG SERVICE
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.m2 \
    mvn -B -ntp package -DskipTests -Dspotless.check.skip=true -pl "${SERVICE}" -am \
    && java -Djarmode=tools -jar "${SERVICE}"/target/"${SERVICE}"-*-exec.jar \
         extract --layers --application-filename application.jar --destination /layers \
    && mkdir /models \
    && if [ "${SERVICE}" = compute-worker ]; then cp -r models/tiny-llama /models/; fi

FROM eclipse-temurin:25.0.1_8-jre-noble
ARG PORT
ENV SERVER_PORT=${PORT}
RUN useradd --system --uid 10001 --no-create-home --home-dir /tmp membrane \
    && install -d -o 10001 /var/cache/membrane
WORKDIR /opt/membrane
COPY --from=build /models/ models/
COPY --from=build /layers/dependencies/ ./
COPY --from=build /layers/snapshot-dependencies/ ./
COPY --from=build /layers/application/ ./
USER 10001
EXPOSE ${PORT}
# bash speaks HTTP by itself: the image needs no curl.
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=12 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${MANAGEMENT_SERVER_PORT:-$SERVER_PORT} && printf 'GET /actuator/health/readiness HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["java", "-jar", "application.jar"]
