const express = require("express");
const serverlessExpress = require("@codegenie/serverless-express");

const app = express();
app.use(express.raw({ type: () => true }));

app.all("/echo/*", (request, response) => {
  response.cookie("one", "1").cookie("two", "2");
  response.status(201).set("X-Back", request.get("X-There") ?? "").json({
    method: request.method,
    path: request.path,
    query: request.query,
    cookie: request.get("Cookie") ?? "",
    body: Buffer.isBuffer(request.body) ? request.body.toString("base64") : "",
  });
});
app.get("/bytes", (request, response) => {
  response.type("image/png").send(Buffer.from([0, 255, 128]));
});

exports.handler = serverlessExpress({ app });
