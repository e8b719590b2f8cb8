"""The kinds of findings that come of reading sources, with their reasons and remedies.

Nothing is looked for here.
"""

from __future__ import annotations

from ..findings import declare

UNESCAPED_IN_TEMPLATE = declare(
    "flask.T001",
    "error",
    "A template writes what the client sent without escaping it",
    reason="Whoever makes the request, or a link to it, puts HTML and scripts of their own into the page.",
    remedy="Leave out '|safe' and '{% autoescape false %}' here, or clean the value first, as nh3.clean() does.",
)
MARKUP = declare(
    "flask.T002",
    "error",
    "Markup() declares what the client sent to be safe HTML",
    reason="Markup() does not escape: scripts that the client sent run in the page.",
    remedy="Escape what comes from outside: markupsafe.escape(value), or Markup('<b>{}</b>').format(value).",
)
TEMPLATE_OF_INPUT = declare(
    "flask.T003",
    "error",
    "A template is made of what the client sent",
    reason="The client writes template code, which reads the configuration and runs commands on the server.",
    remedy="Let the template be a constant, and pass the value: render_template_string('Hello {{ name }}', name=name).",
)
NOT_ESCAPED_BY_NAME = declare(
    "flask.T004",
    "warning",
    "An HTML template is not escaped because of its name",
    reason="Whether a template is escaped goes by the end of its name, and this one's is not among them.",
    remedy="Let the name end in '.html', or say '{% autoescape true %}', or override app.select_jinja_autoescape.",
)
HTML_BY_HAND = declare(
    "flask.T005",
    "error",
    "A view answers HTML that holds what the client sent, unescaped",
    reason="A text that a view returns is HTML unless it says otherwise: scripts in it run in the page.",
    remedy="Use a template, or markupsafe.escape(value), or answer it with another content type.",
)
PATH_OF_INPUT = declare(
    "flask.F001",
    "error",
    "The client says which file is used",
    reason="With '../' or an absolute path in it, any file of the server is read, written or deleted.",
    remedy="Use send_from_directory(folder, name), werkzeug.utils.safe_join or secure_filename.",
)
REDIRECT_TO_INPUT = declare(
    "flask.F002",
    "warning",
    "The client says where a redirect leads",
    reason="A link to this site that leads to another one is what phishing is made of.",
    remedy="Redirect to an endpoint's URL, or compare the host of the target with the request's own first.",
)
CODE_OF_INPUT = declare(
    "flask.F003",
    "error",
    "What the client sent is run as a command or as code",
    reason="Anybody who may make this request runs commands on the server.",
    remedy="Give a program its arguments as a list without shell=True; read values with json.loads, never with eval.",
)
UNPICKLED_INPUT = declare(
    "flask.F004",
    "error",
    "What the client sent is unpickled",
    reason="Reading a pickle, or YAML by an unsafe loader, runs whatever its writer put into it.",
    remedy="Use JSON, or yaml.safe_load.",
)
SQL_OF_INPUT = declare(
    "flask.F005",
    "error",
    "SQL is put together of what the client sent",
    reason="The client changes the statement: it reads, changes or deletes what it should not.",
    remedy="Pass values as parameters: execute('… WHERE name = ?', (name,)).",
)
KEY_IN_SOURCE = declare(
    "flask.K020",
    "warning",
    "The secret key in force stands in the source",
    reason="Whoever reads the source, its history or a copy of it can sign sessions of any content.",
    remedy="Read it from the environment (app.config.from_prefixed_env()) or a file that is not in the repository, and"
    " replace it. If this is for development alone, run the check with the settings of production.",
)
ABOVE_THE_ROUTE = declare(
    "flask.R020",
    "error",
    "A decorator above the route has no effect",
    reason="The route registers the function as it is below it: requests never come by the decorator above.",
    remedy="Let the route be the outermost decorator, the first line.",
)
RUN_ON_IMPORT = declare(
    "flask.D020",
    "warning",
    "Importing the module starts the development server",
    reason="A server that imports the module, as Gunicorn does, would start the development server instead, with the"
    " debugger if debug is on.",
    remedy="Put it below: if __name__ == '__main__':",
)
UNREAD = declare(
    "flask.X010",
    "info",
    "A source file could not be read",
    reason="What is in it was not checked.",
    remedy="Mend the file, or see to it that it is not taken for one of the application's.",
)
UNKNOWN_ID = declare(
    "flask.X011",
    "info",
    "A comment silences a check that does not exist",
    reason="It silences nothing.",
    remedy="Correct the id; in Python '# flask-check: ignore[flask.F001] reason', in templates the same between {# #}.",
)
SILENCES_NOTHING = declare(
    "flask.X012",
    "info",
    "A comment silences a check that finds nothing there",
    reason="It would hide a finding that comes later.",
    remedy="Delete the comment.",
)
