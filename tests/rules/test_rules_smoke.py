"""Smoke."""

def test_smoke(town):
    town.rules("""
    - id: gaz-danger
      priorite: danger
      si: {contient: [$danger_gaz]}
      alors: {responsable: astreinte, urgence: immediate, informer: [mairie-du-lieu], repondre: consigne-gaz}
    - id: peripherique
      priorite: exception
      si: {categorie: voirie, sur: peripherique}
      sauf: {contient: [piste cyclable]}
      alors: {responsable: routes, transmettre_par: open311}
    - id: eclairage
      si: {contient: [$lampadaire]}
      alors: {responsable: eclairage-m, delai: 5 jours ouvrés, escalade: {apres: 8 jours ouvrés, vers: voirie-m}}
    - id: nuit
      si:
        categorie: bruit
        recu: {heures: 22h-6h, jours: [ven, sam]}
      alors: {responsable: astreinte, urgence: haute}
    - id: echafaudage-et-cloture
      si:
        contient_tous:
          - échafaudage
          - [clôture, barrière]
      alors:
        repartir:
          - {part: échafaudage, responsable: mairie-du-lieu}
          - {part: clôture, responsable: voirie-m}
    - id: confirmee
      si: {categorie: bruit}
      seuils:
        - {confirmations: 10, informer: [voirie-m]}
        - {confirmations: 100, informer: [routes], urgence: haute}
    """, listes="{lampadaire: [lampadaire, lampe de rue, street light], danger_gaz: [odeur de gaz, fuite de gaz]}")
    e = town.expect
    e('{texte: "Le lampadaire du 3 rue de la Poterie", commune: Rezé}', '{responsable: eclairage-m, regle: eclairage, delai: 5 jours ouvres, escalade: {apres: 8 jours ouvrés, vers: voirie-m}, question: aucune, mots: [lampadaire], categorie: eclairage}')
    e('{texte: "Odeur de gaz !"}', '{responsable: astreinte, urgence: immediate, repondre: consigne-gaz, priorite: danger, pas_informes: [mairie-nantes]}')
    e('{texte: "Odeur de gaz !", commune: Nantes}', '{informer: [mairie-nantes]}')
    e('{texte: "nid de poule", point: [47.28, -1.55]}', '{responsable: routes, transmettre_par: open311, regle: peripherique}')
    e('{texte: "nid de poule piste cyclable", point: [47.28, -1.55]}', '{responsable: voirie-m, regle: "competence:voirie:partout"}')
    e('{texte: "nid de poule", commune: Nantes}', '{responsable: voirie-m, question: lieu}')
    e('{texte: "nid de poule", point: [47.21, -1.58]}', '{responsable: voirie-m, question: aucune, candidats: [bellevue]}')
    e('{texte: "bruit", commune: Nantes}', '{responsable: paix-nantes, regle: "competence:tranquillite:Nantes", question: aucune}')
    e('{texte: "bruit", commune: Rezé}', '{responsable: mairie-reze, question: aucune}')
    e('{texte: "bruit"}', '{responsable: guichet, question: lieu}')
    e('{texte: "bruit", recu: "2026-11-28 02:00:00", commune: Rezé}', '{responsable: astreinte, regle: nuit, urgence: haute}')
    e('{texte: "bruit", recu: "2026-11-28 06:00:00", commune: Rezé}', '{responsable: mairie-reze}')
    e('{texte: "bruit", recu: "2026-11-29 23:00", commune: Rezé}', '{responsable: mairie-reze}')
    e('{texte: "un échafaudage et une barriere", commune: Nantes}', '{responsable: guichet, parts: [{part: échafaudage, responsable: mairie-nantes},{part: cloture, responsable: voirie-m}]}')
    e('{texte: "un échafaudage et une barriere"}', '{responsable: guichet, parts: [], question: lieu}')
    e('{texte: bonjour}', '{responsable: guichet, regle: "a_defaut:metropole", question: categorie, priorite: a_defaut}')
    e('{texte: bruit, commune: Rezé, confirmations: 120, confirmations_avant: 12}', '{urgence: haute, informer: [routes], pas_informes: [voirie-m]}')
    e('{texte: bruit, commune: Nantes, refuse_par: [paix-nantes]}', '{responsable: mairie-nantes}')
    e('{texte: bruit, commune: Nantes, indisponible: [paix-nantes]}', '{responsable: mairie-nantes}')
    e('{texte: bruit, commune: Nantes, choix_agent: routes}', '{responsable: routes}')
    e('{texte: "fuite de gaz", commune: Nantes, choix_agent: routes}', '{responsable: astreinte}')
    e('{texte: lampadaire, commune: Angers}', '{responsable: guichet, question: aucune, candidats: []}')
    e('{texte: lampadaire, point: [48.85, 2.35]}', '{responsable: guichet, question: aucune}')
    e('{texte: bruit, code_postal: "44800"}', '{responsable: guichet, question: lieu, candidats: [Orvault, Rezé]}')
    from rules.explain import explain
    d = town.decide('{texte: bruit, code_postal: "44800"}')
    print(explain(d)); print(d.trace)
