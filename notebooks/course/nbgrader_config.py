"""nbgrader's settings for the problem sets: run nbgrader in this folder."""

from nbgrader.preprocessors import ClearSolutions

c = get_config()  # noqa: F821, given by nbgrader

c.CourseDirectory.course_id = "mast"
# nbgrader knows no TypeScript: what takes the place of a solution in it.
c.ClearSolutions.code_stub = {
    **ClearSolutions().code_stub,
    "typescript": 'throw new Error("Replace this line with your solution.");',
}
# Starting the kernel and importing the library take some seconds on a busy server, training a minute.
c.Execute.startup_timeout = 180
c.Execute.timeout = 300
