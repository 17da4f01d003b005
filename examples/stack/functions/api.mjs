// An API in Node.js; its target group has multi-value headers, so every query parameter is a list.
export const handler = async (event) => ({
  statusCode: 200,
  multiValueHeaders: { "content-type": ["application/json"] },
  body: JSON.stringify({ path: event.path, query: event.multiValueQueryStringParameters }),
});
