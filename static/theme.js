// Light or dark: a cookie, so that the server renders it; without one, what the system asks for.
const root = document.documentElement;
if (!root.dataset.bsTheme && matchMedia("(prefers-color-scheme: dark)").matches) root.dataset.bsTheme = "dark";
addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-toggle]")) return;
  const theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  root.dataset.bsTheme = theme;
  document.cookie = `theme=${theme};path=/;max-age=31536000;samesite=lax`;
});
