"""The HTML of the page on which people play; no script, one style sheet, readable on a phone."""

from __future__ import annotations

from string import Template

PAGE = Template("""<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
$refresh
<title>Jouer – Guichet</title>
<style>
:root { --ink:#1b2430; --soft:#5b6675; --line:#d9dee6; --paper:#f6f7f9; --card:#fff;
  --mine:#1f5f8b; --mine-ink:#fff; --theirs:#eef1f5; }
@media (prefers-color-scheme: dark) {
  :root { --ink:#e8ecf1; --soft:#a3adba; --line:#36404d; --paper:#14191f; --card:#1d242c;
    --mine:#2f79ad; --mine-ink:#fff; --theirs:#2a333d; } }
* { box-sizing:border-box }
body { margin:0; font:16px/1.5 system-ui, sans-serif; color:var(--ink); background:var(--paper) }
header, main { max-width:76rem; margin:0 auto; padding:1rem }
h1 { margin:.2rem 0; font-size:1.6rem } h2 { font-size:1rem; margin:0 }
a { color:inherit } p { margin:.4rem 0 }
.hint { color:var(--soft) }
nav { display:flex; flex-wrap:wrap; gap:.4rem; margin:1rem 0 }
nav a { padding:.45rem .9rem; border:1px solid var(--line); border-radius:2rem;
  text-decoration:none; background:var(--card) }
nav a[aria-current] { background:var(--mine); color:var(--mine-ink); border-color:var(--mine) }
.card { background:var(--card); border:1px solid var(--line); border-radius:.8rem; padding:1rem }
form { display:grid; gap:.7rem }
.row { display:grid; gap:.7rem; grid-template-columns:repeat(auto-fit, minmax(min(14rem, 100%), 1fr)) }
label { display:grid; gap:.2rem; font-weight:600 } label.tick { display:block }
input, select, textarea { font:inherit; font-weight:400; color:inherit; background:var(--paper);
  border:1px solid var(--soft); border-radius:.4rem; padding:.5rem; width:100% }
label.tick input { width:auto }
button { font:inherit; font-weight:600; justify-self:start; border:0; border-radius:.4rem;
  padding:.6rem 1.4rem; background:var(--mine); color:var(--mine-ink); cursor:pointer }
:focus-visible { outline:3px solid #f2a900; outline-offset:2px }
.talks { display:grid; gap:1rem; margin-top:1rem;
  grid-template-columns:repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); align-items:start }
.talks ul { list-style:none; margin:.7rem 0; padding:0; display:grid; gap:.4rem }
.talks h2 { overflow-wrap:anywhere }
.talks li { padding:.5rem .7rem; border-radius:.8rem; max-width:90%; overflow-wrap:anywhere }
.citizen { background:var(--mine); color:var(--mine-ink); justify-self:end }
.counter { background:var(--theirs); justify-self:start }
li em { display:block; font-size:.85em; opacity:.85 }
</style>
</head>
<body>
<header>
<h1>Jouer la ville</h1>
<p>Écrivez au guichet comme un habitant, par le canal de votre choix ; la réponse revient ici, sur le
même canal. Puis répondez comme un service : ses courriels et leurs liens sont sous « Services ».
Le formulaire en ligne est à l'adresse <a href="$product/">$product</a>.</p>
<nav aria-label="Canal">$tabs</nav>
</header>
<main>
$form
<p><a href="$watch_link">$watching</a></p>
<div class="talks">$talks</div>
</main>
</body>
</html>
""")

FORM = Template("""<form class="card" method="post" action="/">
<input type="hidden" name="canal" value="$channel">
<h2>$name</h2>
<div class="row">
<label>Vous <input name="adresse" value="$address" required maxlength="120"></label>
<label>Le guichet <select name="a">$options</select></label>
$subject
</div>
<label>Votre message <textarea name="texte" rows="3" required maxlength="4000"></textarea></label>
$public
<button>Envoyer</button>
</form>
""")

DESK = """<div class="card"><h2>◆ Les services</h2>
<p>Chaque demande est arrivée par courriel au service que les règles ont choisi. Suivez un des liens
signés du courriel pour la prendre en charge, la refuser ou la clore : l'habitant reçoit la réponse.</p>
</div>
"""

TALK = Template("""<section class="card">
<h2>$name · $address</h2>
<ul>$lines</ul>
$link
</section>
""")
