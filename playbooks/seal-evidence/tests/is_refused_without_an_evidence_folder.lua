return {
  inputs = { case = "incident-7" },
  ops = {
    { op = "evidence.facts", fault = { "policy", "the policy names no evidence folder" } },
  },
  expect = { facts = "failed", files = "not run", seal = "not run" },
  fault  = { facts = "names no evidence folder" },
}
