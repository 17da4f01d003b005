"""A Starlette application behind Mangum (pip install mangum starlette)."""

from mangum import Mangum
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def greet(request):
    return JSONResponse({"hello": request.path_params["name"], "query": dict(request.query_params)})


app = Starlette(routes=[Route("/hello/{name}", greet)])
handler = Mangum(app, lifespan="off")
