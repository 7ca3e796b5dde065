"""Tests of the choice of a route: `make test-lambda` runs them."""

import unittest

import routes

ROUTES = [
    ("ANY", "/users/{proxy+}", "users"),
    ("ANY", "/users/sessions/{proxy+}", "sessions"),
    ("POST", "/users/{id}/mail", "mail"),
    ("ANY", None, "default"),
]


class Routes(unittest.TestCase):
    def test_the_route_that_fits_best_is_chosen(self):
        users, sessions = ("ANY /users/{proxy+}", "users"), ("ANY /users/sessions/{proxy+}", "sessions")
        mail, default = ("POST /users/{id}/mail", "mail"), ("$default", "default")
        for method, path, chosen in [
            ("GET", "/users/1", users),
            ("GET", "//users/1/", users),
            ("GET", "/users/sessions/1", sessions),
            ("POST", "/users/1/mail", mail),
            ("GET", "/users/1/mail", users),
            ("POST", "/users/1/mail/", users),
            ("GET", "/users", default),
            ("GET", "/users/", default),
            ("GET", "/", default),
        ]:
            self.assertEqual(routes.choose(ROUTES, method, path), chosen, f"{method} {path}")


if __name__ == "__main__":
    unittest.main()
